import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/cli/program.ts';

let stdout = '';
let stderr = '';

beforeEach(() => {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('wrong use is exit code 2, with a sentence', () => {
  it.each<[string, RegExp]>([
    ['', /Usage: replicator/],
    ['strat orders', /unknown command 'strat'\n\(Did you mean start\?\)/],
    ['start', /missing required argument 'name'/],
    ['start a_b', /Expected the name of a replication/],
    ['start orders more', /too many arguments/],
    ['start orders --force', /unknown option '--force'/],
    ['status --config', /option '--config <file>' argument missing/],
    ['pause', /missing required argument 'name'/],
    ['pause orders --by', /argument missing/],
    ['skip-gap orders --queue 1', /required option '--topic <topic>' not specified/],
    ['skip-gap orders --topic t', /required option '--queue <number>' not specified/],
    ['skip-gap orders --topic t --queue -1', /Expected a whole number/],
    ['skip-gap orders --topic t --queue 1.5', /Expected a whole number/],
    ['skip-gap orders --topic t --queue 1 --to 9007199254740993', /Expected a whole number/],
    ['rescale orders', /required option '--parallelism <number>' not specified/],
    ['rescale orders --parallelism two', /Expected a whole number/],
    ['watch --interval 0', /Expected seconds, 0.1 to 86400/],
    ['watch --interval soon', /Expected seconds/],
    ['watch --count 0', /Expected a whole number, 1 or more/],
    ['watch a_b', /Expected the name of a replication/],
    ['worker --role boss', /Allowed choices are control, pump, all/],
    ['failover orders --mode sideways', /Allowed choices are switchover, failover/],
    ['failback orders --stranded-tail drop', /Allowed choices are copy, aside, leave/],
    ['failover orders --fence wall', /Allowed choices are topic, broker, external/],
    ['stack', /Usage: replicator stack/],
    ['stack sideways', /unknown command 'sideways'/],
  ])('replicator %s', async (line, sentence) => {
    expect(await run(line.split(' ').filter(Boolean))).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stdout).toBe('');
  });

  it('is a JSON document on stdout with --json', async () => {
    expect(await run(['pause', '--json'])).toBe(2);
    expect(JSON.parse(stdout)).toEqual({ error: "missing required argument 'name'" });
  });
});

describe('what went wrong is exit code 1', () => {
  it.each(['drill', 'verify'])('%s is not available yet', async (command) => {
    expect(await run([command, 'orders', '--whatever', '--json'])).toBe(1);
    expect(stderr).toBe(`error: ${command} is not available yet in this release\n`);
    expect(JSON.parse(stdout)).toEqual({ error: `${command} is not available yet in this release` });
  });

  it.each(['start orders', 'apply', 'doctor', 'worker'])('%s without a configuration', async (line) => {
    expect(await run([...line.split(' '), '--config', '/no/such.yaml'])).toBe(1);
    expect(stderr).toMatch(/^\/no\/such.yaml: cannot read the configuration \(no such file\)/);
    expect(stderr).not.toContain('    at ');
  });

  it('--json lists the problems of a configuration', async () => {
    expect(await run(['doctor', '--config', '/no/such.yaml', '--json'])).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ file: '/no/such.yaml', path: '' }] });
  });

  it('--debug shows where it comes from', async () => {
    expect(await run(['doctor', '--config', '/no/such.yaml', '--debug'])).toBe(1);
    expect(stderr).toContain('    at ');
  });
});

describe('help', () => {
  it.each(['--help', '--version', 'start --help', 'help status', 'stack --help'])('%s is exit code 0', async (line) => {
    expect(await run(line.split(' '))).toBe(0);
    expect(stdout).not.toBe('');
  });
});
