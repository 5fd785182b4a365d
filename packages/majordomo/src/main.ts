import { ConfigurationError, runProcess } from '@onitu/escalator/messaging'
import * as v from 'valibot'
import { majordomoConfigurationSchema } from './configuration.ts'
import { serveMajordomo } from './serve.ts'

runProcess({
  start(message, signal) {
    const parsed = v.safeParse(majordomoConfigurationSchema, message)
    if (parsed.success) return serveMajordomo(parsed.output, signal)
    const [issue] = parsed.issues
    throw new ConfigurationError('INVALID_CONFIGURATION', `The first message does not fit: ${issue.message}`)
  },
})
