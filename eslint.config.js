import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The rooms of docs/architecture.md, as rules: a file under `target` may import nothing from `from`, except `except`.
 * Paths are relative to the repository; `except` is relative to `from`.
 */
const rooms = [
  { target: './src/remoting', from: '.', except: ['./src/remoting', './node_modules'] },
  { target: './src/replication', from: '.', except: ['./src/replication', './node_modules'] },
  {
    target: './workflows',
    from: '.',
    except: [
      './workflows',
      './src/replication',
      './activities/types.ts',
      './activities/failover/types.ts',
      './node_modules',
    ],
  },
  { target: './activities', from: './workflows' },
  { target: './src/transport', from: './src', except: ['./transport', './remoting', './replication'] },
  { target: './src/pump', from: './src', except: ['./pump', './transport', './replication'] },
  { target: './src/groups', from: './src', except: ['./groups', './pump', './transport', './replication'] },
  { target: './src/journal', from: './src', except: ['./journal', './pump', './transport', './replication'] },
  { target: './src/failover', from: './src', except: ['./failover', './pump', './transport', './replication'] },
  { target: './src/config', from: './src', except: ['./config', './replication'] },
  { target: './src/observability', from: './src', except: ['./observability'] },
  { target: './src/temporal', from: './src', except: ['./temporal', './replication', './observability'] },
  { target: './src/stack', from: './src', except: ['./stack', './remoting'] },
  { target: './src/!(worker)/**', from: './activities' },
  { target: './src', from: './workflows' },
  { target: './src', from: './test' },
];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'test/replay/histories/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { typescript: true, node: true } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: rooms }],
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['workflows/**/*.ts', 'src/replication/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^node:', message: 'Workflow code runs in a sandbox without Node.' }] },
      ],
    },
  },
  { files: ['vitest.config.ts', 'workflows/index.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly' } },
  },
);
