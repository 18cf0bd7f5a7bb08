/** `npm run compose`: writes docker-compose.yml from the definitions of the local stack. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const { composeFile } = await import('../dist/src/stack/compose.js');
writeFileSync(join(root, 'docker-compose.yml'), composeFile());
