import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document } from 'yaml';
import { configJsonSchema, knownKeys, type JsonSchema } from '../../../src/config/json-schema.ts';
import { pathText } from '../../../src/replication/problems.ts';
import { EVERY_KEY, GOOD_ENVIRONMENT, GOOD_FILE, problemsOf } from './samples.ts';

type Path = readonly (string | number)[];

const CLUSTERS =
  'clusters:\n  east: { kind: apache, nameServers: [a:1] }\n  west: { kind: apache, nameServers: [b:1] }\n';
const ORDERS = `${CLUSTERS}replications:\n  orders:\n    source: east\n    destination: west\n`;

describe('each wrong file says where and what', () => {
  it.each<[string, string, number, string, RegExp]>([
    ['an empty file', '', 1, '', /found nothing; expected a map/],
    ['a list', '- 1\n', 1, '', /found a list; expected a map/],
    ['a tab', 'clusters:\n\teast: {}\n', 2, '', /not YAML/],
    ['a key twice', 'clusters: {}\nclusters: {}\n', 2, '', /not YAML: Map keys must be unique/],
    ['an unclosed bracket', 'clusters: { east: {\n', 2, '', /not YAML/],
    ['an alias to nowhere', 'clusters: *gone\n', 1, '', /not YAML/],
    [
      'an unknown cluster kind',
      'clusters:\n  east: { kind: kafka, nameServers: [a:1] }\n',
      2,
      'clusters.east.kind',
      /found "kafka"; expected one of: apache,/,
    ],
    [
      'no name servers',
      'clusters:\n  east:\n    kind: apache\n',
      2,
      'clusters.east.nameServers',
      /found nothing; expected a list of name servers/,
    ],
    [
      'a port too high',
      'clusters:\n  east:\n    kind: apache\n    nameServers: [a:65536]\n',
      4,
      'clusters.east.nameServers[0]',
      /found "a:65536"; expected host:port/,
    ],
    [
      'an underscore in a name',
      'clusters:\n  ea_st: { kind: apache, nameServers: [a:1] }\n',
      2,
      'clusters.ea_st',
      /found "ea_st"; expected the name of a cluster/,
    ],
    [
      'a misspelt key',
      `${ORDERS}    topic: [a]\n`,
      8,
      'replications.orders.topic',
      /unknown key; expected one of: .*topics/,
    ],
    ['no topics', ORDERS, 5, 'replications.orders.topics', /found nothing; expected a list/],
    [
      'an empty list of topics',
      `${ORDERS}    topics: []\n`,
      8,
      'replications.orders.topics',
      /found an empty list; expected at least 1 entry/,
    ],
    [
      'an unknown source',
      `${CLUSTERS}replications:\n  o:\n    source: eats\n    destination: west\n    topics: [a]\n`,
      6,
      'replications.o.source',
      /found "eats"; expected one of the clusters: east, west/,
    ],
    [
      'source as destination',
      `${CLUSTERS}replications:\n  o:\n    source: east\n    destination: east\n    topics: [a]\n`,
      7,
      'replications.o.destination',
      /found "east"; expected another cluster/,
    ],
    [
      'our own topic',
      `${ORDERS}    topics: [a, REPLICATOR_STATE]\n`,
      8,
      'replications.orders.topics[1]',
      /found "REPLICATOR_STATE"; topics of the replicator itself/,
    ],
    [
      'a topic twice',
      `${ORDERS}    topics: [a, b, a]\n`,
      8,
      'replications.orders.topics[2]',
      /second way for topic a from east to west/,
    ],
    [
      'a topic in two tasks',
      `${ORDERS}    topics: [a]\n  more:\n    source: east\n    destination: west\n    topics: [b, a]\n`,
      12,
      'replications.more.topics[1]',
      /second way for topic a from east to west, beside orders/,
    ],
    [
      'a time that is none',
      `${ORDERS}    topics: [a]\n    start: yesterday\n`,
      9,
      'replications.orders.start',
      /found "yesterday"; expected earliest, latest/,
    ],
    [
      'bytes in MB',
      `${ORDERS}    topics: [a]\n    rateLimit:\n      bytesPerSecond: 5MB\n`,
      10,
      'replications.orders.rateLimit.bytesPerSecond',
      /found "5MB"; expected bytes/,
    ],
    [
      'a reference without a name',
      `${ORDERS}    topics: ["\${}"]\n`,
      8,
      'replications.orders.topics[0]',
      /expected \$\{NAME\}/,
    ],
    [
      'a two-way task beside the way back',
      `${ORDERS}    topics: [a]\n    mode: two-way\n  more:\n    source: west\n    destination: east\n    topics: [a]\n`,
      13,
      'replications.more.topics[0]',
      /second way for topic a from/,
    ],
    [
      'a pattern over a topic of another task',
      `${ORDERS}    topics: [a]\n  more:\n    source: east\n    destination: west\n    topics:\n      - b\n      - "*"\n`,
      14,
      'replications.more.topics[1]',
      /second way for topic \* from east to west, beside orders/,
    ],
    [
      'a topic that is named and excluded',
      `${ORDERS}    topics: [a, b]\n    exclude: [a]\n`,
      9,
      'replications.orders.exclude',
      /expected no entry of topics/,
    ],
    [
      'gRPC',
      'clusters:\n  c: { kind: apsaramq-5.0, protocol: grpc, nameServers: [a:1] }\n',
      2,
      'clusters.c.protocol',
      /grpc is not available yet/,
    ],
    ['a policy', `${CLUSTERS}policy:\n  regions: off\n`, 4, 'policy', /not available yet/],
  ])('%s', (_, text, line, path, message) => {
    const problems = problemsOf(text);
    expect(problems).toContainEqual({
      file: 'replicator.yaml',
      line,
      path,
      message: expect.stringMatching(message) as string,
    });
  });

  it('a topic that reaches a cluster over another one as well', () => {
    const problems = problemsOf(`
clusters:
  a: { kind: apache, nameServers: [a:1] }
  b: { kind: apache, nameServers: [b:1] }
  c: { kind: apache, nameServers: [c:1] }
replications:
  ab: { source: a, destination: b, topics: [t] }
  bc: { source: b, destination: c, topics: [t, u] }
  ac: { source: a, destination: c, topics: [t, u] }
`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ line: 9, path: 'replications.ac.topics[0]' });
    expect(problems[0]?.message).toMatch(/second way for topic t from a to c, beside ab, bc/);
  });

  it('everything at once, in the order of the lines', () => {
    const problems = problemsOf(
      'clusters:\n  east:\n    kind: 1\n    x: 2\nreplications:\n  o: { source: no }\nz: 1\n',
    );
    expect(problems.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '2 clusters.east.nameServers',
      '3 clusters.east.kind',
      '4 clusters.east.x',
      '6 replications.o.destination',
      '6 replications.o.topics',
      '6 replications.o.source',
      '7 z',
    ]);
  });
});

describe('cases generated from the schema', () => {
  const places = allPaths(EVERY_KEY).filter((path) => path.length > 0);

  it('the sample has every key of the schema', () => {
    const sampled = new Set(
      places.map((path) => pathText(path.map((part, depth) => (isName(path, depth) ? '*' : part)))),
    );
    expect(schemaKeys(configJsonSchema()).filter((key) => !sampled.has(key))).toEqual([]);
  });

  it.each(places.map((path) => [pathText(path), path] as const))('%s of a wrong shape', (_, path) => {
    const { text, line } = changed(path, [['zz']]);
    const found = problemsOf(text).filter((problem) => problem.path.startsWith(pathText(path)));
    expect(found.map((problem) => problem.line)).toContain(line);
    for (const { message } of found) expect(message).toMatch(/^found .*; expected |not available yet/);
  });

  const maps = [[], ...places].filter((path) => knownKeys(path).length > 0);
  it.each(maps.map((path) => [pathText(path) || 'the file', path] as const))('an unknown key in %s', (_, path) => {
    const { text, line } = changed([...path, 'zz'], 1);
    const problems = problemsOf(text).filter(
      (problem) => problem.path.startsWith(pathText(path)) && problem.line === line,
    );
    expect(problems.length).toBeGreaterThan(0);
  });
});

describe('whatever the file holds', () => {
  it('it is read or refused with a ConfigError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        problemsOf(text);
      }),
    );
    fc.assert(
      fc.property(
        fc.nat(GOOD_FILE.length),
        fc.nat(40),
        fc.string({ unit: fc.constantFrom(...Array.from(' \n:-{}[]*&!|>"\'$%a1')), maxLength: 8 }),
        (at, removed, inserted) => {
          problemsOf(GOOD_FILE.slice(0, at) + inserted + GOOD_FILE.slice(at + removed), GOOD_ENVIRONMENT);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Names of clusters and replications are free. */
function isName(path: Path, depth: number): boolean {
  return depth === 1 && (path[0] === 'clusters' || path[0] === 'replications');
}

function allPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, item]) => allPaths(item, [...path, key]))];
}

function schemaKeys(schema: JsonSchema, path: Path = []): string[] {
  const { anyOf = [], properties = {}, additionalProperties, items } = schema;
  return [
    ...(path.length > 0 ? [pathText(path)] : []),
    ...anyOf.flatMap((branch) => schemaKeys(branch, path)),
    ...Object.entries(properties).flatMap(([key, child]) => schemaKeys(child, [...path, key])),
    ...(typeof additionalProperties === 'object' ? schemaKeys(additionalProperties, [...path, '*']) : []),
    ...(items ? schemaKeys(items, [...path, 0]) : []),
  ];
}

/** The sample with one value changed, and the line on which the change stands. */
function changed(path: Path, value: unknown): { text: string; line: number } {
  const document = new Document(EVERY_KEY);
  document.setIn(path, document.createNode(value, { flow: true }));
  const text = document.toString();
  const line = text.split('\n').findIndex((row) => row.includes('zz')) + 1;
  return { text, line };
}
