#!/usr/bin/env node
// Committed, so that a package manager finds the command at install time, before anything is built.
import '../dist/cli/main.js'
