/** `npm run demo`: installs, builds and runs the demo; `npm run demo -- --help` says what it takes. */
import { bootstrap } from './bootstrap.mjs';

try {
  await bootstrap();
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exit(1);
}
await import('../dist/demo/main.js');
