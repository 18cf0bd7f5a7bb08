/** `npm run schema`: writes docs/replicator.schema.json from the schema of the configuration. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

await bootstrap();
const { schemaFile } = await import('../dist/src/config/json-schema.js');
writeFileSync(join(root, 'docs', 'replicator.schema.json'), schemaFile());
