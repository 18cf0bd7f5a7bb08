import { defaultPayloadConverter, type Payload, type PayloadConverter } from '@temporalio/common';

/**
 * For workflows. What somebody sends in an encoding that cannot be read arrives as a text that says so, and is refused like any other wrong
 * input; the default converter throws, which fails the workflow task again and again.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload: read as PayloadConverter['fromPayload'],
};

function read(payload: Payload): unknown {
  try {
    return defaultPayloadConverter.fromPayload(payload);
  } catch (error) {
    return `unreadable: ${error instanceof Error ? error.message : String(error)}`;
  }
}
