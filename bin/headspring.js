#!/usr/bin/env node
// A file that is there before the package is built, so that npm links the command in a fresh clone, too.
await import("../dist/cli/main.js");
