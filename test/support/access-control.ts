import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { call, type Credentials, type RequestKind } from '../../src/remoting/call.ts';
import { Connection } from '../../src/remoting/network/connection.ts';
import { parseAddress } from '../../src/remoting/network/open-link.ts';
import { SUCCESS } from '../../src/remoting/response-codes.ts';
import { startBroker, testSlot, type PrivateCluster } from './servers.ts';

/** Accounts of the clusters below: one that may do anything, and one that may do what it is granted. */
export const ADMIN: Credentials = { accessKey: 'administrator', secretKey: 'admin-secret' };
export const ACCOUNT: Credentials = { accessKey: 'replicator', secretKey: 'account-secret' };

export interface GuardedCluster extends PrivateCluster {
  /** Grants the account these and nothing else; takes effect within seconds. */
  grant(grants: Grants): Promise<void>;
}

/** Actions by resource: of 5.x such as `Topic:orders` -> `SUB,GET`; of 4.x such as `topic orders` -> `SUB`. */
export type Grants = Readonly<Record<string, string>>;

/** A 5.x cluster with authentication and ACL 2.0. */
export async function startGuarded5(name: string): Promise<GuardedCluster> {
  const user = { username: ADMIN.accessKey, password: ADMIN.secretKey };
  const auth = 'org.apache.rocketmq.auth';
  const cluster = await startBroker({
    name,
    brokerSettings: {
      authenticationEnabled: true,
      authenticationProvider: `${auth}.authentication.provider.DefaultAuthenticationProvider`,
      authenticationMetadataProvider: `${auth}.authentication.provider.LocalAuthenticationMetadataProvider`,
      initAuthenticationUser: JSON.stringify(user),
      innerClientAuthenticationCredentials: JSON.stringify({ accessKey: ADMIN.accessKey, secretKey: ADMIN.secretKey }),
      authorizationEnabled: true,
      authorizationProvider: `${auth}.authorization.provider.DefaultAuthorizationProvider`,
      authorizationMetadataProvider: `${auth}.authorization.provider.LocalAuthorizationMetadataProvider`,
    },
  });
  const { accessKey: username, secretKey: password } = ACCOUNT;
  const subject = `User:${username}`;
  await asAdmin(cluster, 3001, { username }, { username, password, userType: 'Normal', userStatus: 'enable' });
  let known = false;
  return {
    ...cluster,
    grant: async (grants) => {
      const entries = Object.entries(grants).map(([resource, actions]) => ({
        resource,
        actions: actions.split(','),
        sourceIps: [],
        decision: 'Allow',
      }));
      await asAdmin(
        cluster,
        known ? 3007 : 3006,
        { subject },
        { subject, policies: [{ policyType: 'Custom', entries }] },
      );
      known = true;
    },
  };
}

/** A 4.x cluster with `aclEnable`; nothing is granted yet. */
export async function startGuarded4(name: string): Promise<GuardedCluster> {
  const grant = async (given: Grants): Promise<void> => {
    const folder = join(testSlot().home, `${name}-broker`, 'conf');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'plain_acl.yml'), plainAcl(given));
  };
  await grant({});
  return { ...(await startBroker({ name, version: '4.4.0', brokerSettings: { aclEnable: true } })), grant };
}

function plainAcl(grants: Grants): string {
  const perms = (kind: string) =>
    Object.entries(grants)
      .filter(([resource]) => resource.startsWith(`${kind} `))
      .map(([resource, actions]) => `${resource.slice(kind.length + 1)}=${actions}`);
  return JSON.stringify({
    globalWhiteRemoteAddresses: [],
    accounts: [
      { ...ADMIN, whiteRemoteAddress: '', admin: true },
      {
        ...ACCOUNT,
        whiteRemoteAddress: '',
        admin: false,
        defaultTopicPerm: 'DENY',
        defaultGroupPerm: 'DENY',
        topicPerms: perms('topic'),
        groupPerms: perms('group'),
      },
    ],
  });
}

async function asAdmin(
  cluster: PrivateCluster,
  code: number,
  fields: Record<string, string>,
  body: object,
): Promise<void> {
  const kind: RequestKind<undefined, undefined> = {
    code,
    name: `request ${code}`,
    accepts: [SUCCESS],
    build: () => ({ fields, body: [Buffer.from(JSON.stringify(body))] }),
    read: () => undefined,
  };
  const connection = new Connection(parseAddress(cluster.broker.address));
  try {
    await call(connection, kind, undefined, { timeoutMs: 5000, credentials: ADMIN });
  } finally {
    connection.close();
  }
}
