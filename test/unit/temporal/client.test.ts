import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporalEnvironment } from '../../../src/temporal/client.ts';

const folder = mkdtempSync(join(tmpdir(), 'replicator-temporal-'));
const file = join(folder, 'temporal.toml');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, undefined);
  vi.stubEnv('TEMPORAL_CONFIG_FILE', file);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function problem(toml: string, environment: Record<string, string> = {}): string {
  writeFileSync(file, toml);
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    temporalEnvironment();
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

const CANNOT = `cannot read Temporal's environment configuration (${file}): `;

describe('a temporal.toml', () => {
  it.each([
    ['is empty', ''],
    ['holds only a comment', '# nothing yet\n'],
    ['has other tables', '[profiles.default]\naddress = "a:1"\n'],
  ])('that %s lacks a profile, and the error says so', (_, toml) => {
    expect(problem(toml)).toBe(
      `${CANNOT}found no profile; expected a table such as [profile.default], or no file at all`,
    );
  });

  it('that is not TOML: the error names the line and shows nothing of the file', () => {
    const text = problem('[profile.default]\napi_key = "s3cret\n');
    expect(text).toMatch(/temporal.toml\): line 2: /);
    expect(text).not.toContain('s3cret');
  });

  it('without the wanted profile, or that names a certificate that is not there', () => {
    expect(problem('[profile.default]\n', { TEMPORAL_PROFILE: 'cloud' })).toBe(
      `${CANNOT}Profile 'cloud' not found in config data`,
    );
    expect(problem('[profile.cloud.tls]\nserver_ca_cert_path = "/no/such.pem"\n')).toContain('/no/such.pem');
  });

  it('gives address and namespace; the environment has precedence', () => {
    writeFileSync(file, '[profile.default]\naddress = "a:1"\nnamespace = "n"\n');
    expect(temporalEnvironment()).toMatchObject({ address: 'a:1', namespace: 'n' });
    vi.stubEnv('TEMPORAL_ADDRESS', 'b:2');
    expect(temporalEnvironment()).toMatchObject({
      address: 'b:2',
      namespace: 'n',
      connectionOptions: { address: 'b:2' },
    });
  });
});

it('without a file the address is localhost:7233, the namespace default', () => {
  rmSync(file, { force: true });
  expect(temporalEnvironment()).toMatchObject({ address: 'localhost:7233', namespace: 'default' });
});
