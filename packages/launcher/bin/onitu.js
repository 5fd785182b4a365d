#!/usr/bin/env -S node --max-semi-space-size=1 --v8-pool-size=1 --initial-old-space-size=32
// The flags keep the young generation and the threads of V8, and so the memory of the launcher and of `onitu remote`, small; with the initial size the
// contents that pass through are collected less often (see supervisor/child.ts). Committed, so that a package manager finds the command at install time,
// before anything is built.
import { setFlagsFromString } from 'node:v8'

// The compiler for code that is run often takes 6 MB once it has run, and no command is at work for long; but see cli/optimize-when-busy.ts. From Node 24 on
// it could not be let again.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) setFlagsFromString('--no-opt')
await import('../dist/cli/main.js')
