/** `npm run bench`: installs, builds and runs the benchmark; `npm run bench -- --help` says what it takes. */
import { bootstrap } from './bootstrap.mjs';

try {
  await bootstrap();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exit(1);
}
await import('../dist/bench/main.js');
