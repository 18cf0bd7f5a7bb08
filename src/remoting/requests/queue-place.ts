/** A queue as requests name it. */
export interface QueuePlace {
  readonly topic: string;
  /** The broker's name, which a proxy needs to find it. */
  readonly broker: string;
  readonly queue: number;
}

/** The header fields that name a queue. */
export function queueFields({ topic, broker, queue }: QueuePlace): {
  readonly topic: string;
  readonly queueId: number;
  readonly bname: string;
} {
  return { topic, queueId: queue, bname: broker };
}
