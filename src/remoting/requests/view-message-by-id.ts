import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';

export interface ViewMessage {
  /** For the broker's access control. */
  readonly topic: string;
  /** Where the message begins in the broker's commit log. */
  readonly physicalOffset: number;
}

/** VIEW_MESSAGE_BY_ID: the record that begins there, as it is stored; also before it can be read from its queue. */
export const viewMessage: RequestKind<ViewMessage, Buffer> = {
  code: 33,
  name: 'VIEW_MESSAGE_BY_ID',
  accepts: [SUCCESS],
  build: ({ topic, physicalOffset }) => ({ fields: { topic, offset: physicalOffset } }),
  read: ({ body }) => body,
};
