import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { FAILOVER_WORKFLOW } from '../src/replication/failover/messages.ts';
import { REPLICATION_WORKFLOW, WRONG_INPUT } from '../src/replication/messages.ts';

export { failover } from './failover.ts';
export { replication } from './replication.ts';

/** Started for every workflow type that is not exported here: fails at once, where the SDK would try for ever. */
export default function unknownWorkflow(): Promise<never> {
  const { workflowType } = workflowInfo();
  throw ApplicationFailure.nonRetryable(
    `no such workflow type: ${workflowType}; known types: ${REPLICATION_WORKFLOW}, ${FAILOVER_WORKFLOW}`,
    WRONG_INPUT,
  );
}
