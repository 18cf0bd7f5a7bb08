import type { ReplicationInput } from '../../replication/input.ts';
import { grouped } from '../output.ts';
import type { BrokerFacts } from './broker-facts.ts';
import type { Finding } from './finding.ts';

type Settings = BrokerFacts['settings'];

/** A broker's default. bytes */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** What a copy is at most longer than its original, without the task's tags: `REPL_` properties with the longest names. bytes */
const PROVENANCE_BYTES = 800;
/** What a 4.x broker counts on top of each message of a batch. bytes */
const STORED_OVERHEAD_BYTES = 220;

/** What is good to know of any broker. */
export function settingsText({ settings }: BrokerFacts): string {
  const hours = settings.get('fileReservedTime');
  return [
    ...(hours === undefined ? [] : [`keeps messages for ${hours} h`]),
    `takes up to ${grouped(maxMessageBytes(settings))} bytes`,
    `autoCreateTopicEnable ${settings.get('autoCreateTopicEnable') ?? 'unknown'}`,
  ].join(', ');
}

/** What a destination's broker must have for the promises to hold. */
export function checkDestination(about: string, { name, settings }: BrokerFacts, input: ReplicationInput): Finding[] {
  const findings: Finding[] = inconclusive(settings).map((setting) => ({
    result: 'WARN',
    about,
    text:
      `destination broker ${name} has ${setting}: after a crash it may hide what it stored when copies are read back, so that messages ` +
      'may be copied twice (R4 in docs/delivery-guarantees.md); change it, or accept that',
  }));
  if (input.tags.length > 0 && !isOn(settings, 'enablePropertyFilter'))
    findings.push({
      result: 'WARN',
      about,
      text: `destination broker ${name} has enablePropertyFilter=false: consumers there cannot select copies by their tags with SQL-92; set it to true`,
    });
  if ((Number(settings.get('brokerPermission') ?? 6) & 2) === 0)
    findings.push({
      result: 'FAIL',
      about,
      text: `destination broker ${name} does not take messages (brokerPermission ${settings.get('brokerPermission')}); set it to 6`,
    });
  return findings;
}

/** Settings under which "all that was stored can be read" cannot be told. */
function inconclusive(settings: Settings): string[] {
  const named = ['transientStorePoolEnable', 'duplicationEnable'].filter((name) => isOn(settings, name));
  const found = named.map((name) => `${name}=true`);
  if (isOn(settings, 'enableControllerMode') && isOn(settings, 'allAckInSyncStateSet'))
    found.push('controller mode with allAckInSyncStateSet=true');
  const storeType = settings.get('storeType') ?? '';
  const preferred = storeType.includes('combine') ? settings.get('combineCQPreferCQType') : storeType;
  if (preferred === 'defaultRocksDB') found.push('consume queues in RocksDB');
  return found;
}

/** Whether every message of the source fits at the destination with its provenance. */
export function checkSizes(
  about: string,
  { source, destination, tags }: ReplicationInput,
  from: readonly BrokerFacts[],
  to: readonly BrokerFacts[],
): Finding[] {
  if (from.length === 0 || to.length === 0) return [];
  const written = from.map(({ settings }) => maxMessageBytes(settings)).reduce((a, b) => Math.max(a, b));
  const taken = to.map(({ settings }) => maxMessageBytes(settings)).reduce((a, b) => Math.min(a, b));
  const tagBytes = tags.reduce((sum, { key, value }) => sum + Buffer.byteLength(key) + Buffer.byteLength(value) + 2, 0);
  const counted = to.some(({ version }) => version.startsWith('V4_')) ? STORED_OVERHEAD_BYTES : 0;
  const added = PROVENANCE_BYTES + tagBytes + counted;
  const sizes = `${source} takes messages of ${grouped(written)} bytes, ${destination} of ${grouped(taken)}, provenance included (up to ${added})`;
  if (written <= taken - added) return [{ result: 'OK', about, text: sizes }];
  const advice = `a message that does not fit blocks its queue; set maxMessageSize of ${destination} to ${grouped(written + added)} if there may be such`;
  return [{ result: written > taken ? 'WARN' : 'OK', about, text: `${sizes}: ${advice}` }];
}

function maxMessageBytes(settings: Settings): number {
  const bytes = Number(settings.get('maxMessageSize'));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : MAX_MESSAGE_BYTES;
}

function isOn(settings: Settings, name: string): boolean {
  return settings.get(name) === 'true';
}
