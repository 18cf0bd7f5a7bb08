import { createHmac } from 'node:crypto';

import type { Connection, RequestOptions } from './network/connection.ts';
import type { Command, Fields, Request } from './protocol/command.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { RemotingError, refused } from './remoting-error.ts';

/** One kind of request: how to build it and how to read its answer. */
export interface RequestKind<Arguments, Result> {
  readonly code: number;
  /** RequestCode's name, for errors. */
  readonly name: string;
  /** Response codes that `read` understands; any other one is an error. */
  readonly accepts: readonly number[];
  build(args: Arguments): { readonly fields: Fields; readonly body?: readonly Buffer[] };
  /** @throws ProtocolError */
  read(answer: Command): Result;
}

export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly securityToken?: string;
}

/** Sends one request and reads its answer. @throws RemotingError; the signal's reason */
export async function call<Arguments, Result>(
  connection: Connection,
  kind: RequestKind<Arguments, Result>,
  args: Arguments,
  options: RequestOptions & { readonly credentials?: Credentials | undefined },
): Promise<Result> {
  const { fields, body = [] } = kind.build(args);
  const unsigned: Request = { code: kind.code, fields, body };
  const request = options.credentials ? sign(unsigned, options.credentials) : unsigned;
  const answer = await connection.request(kind.name, request, options);
  if (!kind.accepts.includes(answer.code)) throw refused(kind.name, connection.address, answer.code, answer.remark);
  try {
    return kind.read(answer);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new RemotingError(
      `an answer that cannot be read, ${error.message}`,
      { request: kind.name, address: connection.address, retryable: false, answered: true, code: answer.code },
      { cause: error },
    );
  }
}

/**
 * Adds the ACL fields (AclClientRPCHook in org.apache.rocketmq.acl.common): `Signature` is the base64 HMAC-SHA1 of the values of
 * all other fields, sorted by name, and the body.
 */
export function sign(request: Request, { accessKey, secretKey, securityToken }: Credentials): Request {
  const fields = { ...request.fields, AccessKey: accessKey, SecurityToken: securityToken };
  const hmac = createHmac('sha1', secretKey);
  for (const name of Object.keys(fields).sort()) {
    const value = (fields as Fields)[name];
    if (value !== undefined) hmac.update(String(value));
  }
  for (const part of request.body) hmac.update(part);
  return { ...request, fields: { ...fields, Signature: hmac.digest('base64') } };
}
