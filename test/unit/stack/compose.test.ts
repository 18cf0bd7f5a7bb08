import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { composeFile } from '../../../src/stack/compose.ts';
import { brokerPorts, stackPorts, DEFAULT_PORT_BASE } from '../../../src/stack/definitions.ts';

test('docker-compose.yml is what `npm run compose` writes', () => {
  expect(readFileSync('docker-compose.yml', 'utf8')).toBe(composeFile());
});

test('every port of the stack is published on the loopback address, and no other', () => {
  const { services } = parse(composeFile()) as { services: Record<string, { ports?: string[] }> };
  const { temporal, temporalUi, clusters } = stackPorts(DEFAULT_PORT_BASE);
  const wanted = Object.values(clusters).flatMap(({ nameServer, broker, proxyRemoting, proxyGrpc }) => [
    nameServer,
    ...brokerPorts(broker),
    proxyRemoting,
    proxyGrpc,
  ]);
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(published.toSorted()).toEqual(
    [temporal, temporalUi, ...wanted].map((port) => `127.0.0.1:${port}:${port}`).toSorted(),
  );
});
