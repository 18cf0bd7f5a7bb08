import { expect, test } from 'vitest';
import { replicationInput } from '../../../src/replication/input.ts';
import { problemsOf, sentence } from '../../../src/replication/problems.ts';

test.each([
  ['UNIQ_KEY', 'tags[0].key: this name is one of RocketMQ\'s own; a tag would replace it (R2), found "UNIQ_KEY"'],
  ['TAGS', 'tags[0].key: this name is one of RocketMQ\'s own; a tag would replace it (R2), found "TAGS"'],
  ['REPL_FROM', 'tags[0].key: names that begin with REPL_ are the replicator\'s own, found "REPL_FROM"'],
])('R2: a tag cannot be named %s', (key, problem) => {
  const input = { source: 'east', destination: 'west', topics: ['orders'], tags: [{ key, value: 'x' }] };
  const read = replicationInput.safeParse(input);
  expect(read.success).toBe(false);
  expect(problemsOf(read.error!, input).map(sentence)).toEqual([problem]);
});
