#!/usr/bin/env node
import { run } from './program.ts';

// `replicator status | head` closes our output early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const code = await run(process.argv.slice(2));
if (code !== 0) process.exitCode = code;
