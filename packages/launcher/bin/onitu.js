#!/usr/bin/env -S node --max-semi-space-size=1
// The flag keeps the young generation, and so the memory of the launcher, small (as that of its children).
// Committed, so that a package manager finds the command at install time, before anything is built.
import '../dist/cli/main.js'
