#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=4194304 MALLOC_TRIM_THRESHOLD_=16777216 node --max-semi-space-size=1 --v8-pool-size=1 --initial-old-space-size=32
// The flags keep the young generation and the threads of V8, and so the memory of the launcher and of `onitu remote`, small; the settings, for glibc, and
// the initial size have the memory of contents used again (see supervisor/child.ts). Committed, so that a package manager finds the command at install
// time, before anything is built.
import '../dist/cli/main.js'
