const NAME_END = '\u0001';
const VALUE_END = '\u0002';

/** Message properties in wire form: name 0x01 value 0x02 for each. */
export function encodeProperties(properties: Iterable<readonly [name: string, value: string]>): Buffer {
  let text = '';
  for (const [name, value] of properties) text += name + NAME_END + value + VALUE_END;
  return Buffer.from(text);
}

/** Reads the wire form; the last 0x02 may be missing, parts without a 0x01 are skipped, as brokers do. */
export function decodeProperties(bytes: Buffer): Map<string, string> {
  const properties = new Map<string, string>();
  for (const property of bytes.toString().split(VALUE_END)) {
    const nameEnd = property.indexOf(NAME_END);
    if (nameEnd > 0) properties.set(property.slice(0, nameEnd), property.slice(nameEnd + 1));
  }
  return properties;
}
