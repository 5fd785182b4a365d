import { createProgram } from './program.ts'
import { runCommand } from './run-command.ts'

// Not process.exit: what was written to a pipe is flushed first. Everything is closed by then, so nothing holds the process.
process.exitCode = await runCommand(createProgram(), process.argv)
