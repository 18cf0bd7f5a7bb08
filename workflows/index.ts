import { workflowInfo } from '@temporalio/workflow';
import { FAILOVER_WORKFLOW } from '../src/replication/failover/messages.ts';
import { REPLICATION_WORKFLOW } from '../src/replication/messages.ts';
import { wrongInput } from './wrong-input.ts';

export { failover } from './failover.ts';
export { replication } from './replication.ts';

/** Started for every workflow type that is not exported here: fails at once, where the SDK would try for ever. */
export default function unknownWorkflow(): Promise<never> {
  const { workflowType } = workflowInfo();
  throw wrongInput(
    `no such workflow type: ${workflowType}; known types: ${REPLICATION_WORKFLOW}, ${FAILOVER_WORKFLOW}`,
  );
}
