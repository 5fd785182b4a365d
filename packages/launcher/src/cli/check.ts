import { readSetup } from '../setup/read-setup.ts'

/** `onitu check` */
export async function check(setupFile: string): Promise<void> {
  const setup = await readSetup(setupFile)
  const folders = [...setup.folders.keys()].join(', ')
  const services = [...setup.services.keys()].join(', ')
  process.stdout.write(`${setupFile} is fine: session ${setup.name}, folders ${folders}, services ${services}\n`)
}
