/** Bytes that do not follow the RocketMQ protocol: a peer that is no RocketMQ server, or a damaged answer. */
export class ProtocolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProtocolError';
  }
}
