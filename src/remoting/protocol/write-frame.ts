import type { Fields } from './command.ts';

/** LanguageCode.OTHER: the one for clients without a name of their own that every broker since 4.4 knows. */
const LANGUAGE = 'OTHER';
/**
 * MQVersion V4_9_4, the youngest protocol that is wholly supported here: name servers answer it with standard JSON, and 5.x servers
 * do not answer it with GO_AWAY (1500), which they use above V5_3_1.
 */
const VERSION = 401;

/** Bytes of a frame before the header: the frame's length, then serialisation type (0, JSON) and header length in one word. */
const PREFIX_BYTES = 8;

/**
 * A frame up to its body: int32 length of the rest | int8 serialisation type 0, int24 header length | header as JSON.
 * The body, `bodyBytes` long, is written behind it by the caller.
 */
export function writeFrameHead(code: number, opaque: number, flag: number, fields: Fields, bodyBytes: number): Buffer {
  const extFields = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) extFields[name] = String(value);
  const json = JSON.stringify({ code, language: LANGUAGE, version: VERSION, opaque, flag, extFields });
  const headerBytes = Buffer.byteLength(json);
  const head = Buffer.allocUnsafe(PREFIX_BYTES + headerBytes);
  head.writeInt32BE(4 + headerBytes + bodyBytes, 0);
  head.writeInt32BE(headerBytes, 4);
  head.write(json, PREFIX_BYTES);
  return head;
}
