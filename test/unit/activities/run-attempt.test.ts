import { CancelledFailure, type Context } from '@temporalio/activity';
import { ActivityNotFoundError, type Client } from '@temporalio/client';
import { expect, test, vi } from 'vitest';
import { runAttempt } from '../../../activities/run-attempt.ts';
import { QueueBlocked } from '../../../src/pump/problems.ts';
import { Attempt } from '../../../src/temporal/attempt.ts';

const heartbeat = vi.fn();

/** An attempt that the tests end, as its worker or its workflow would. */
function attemptOf({ superseded = false } = {}) {
  const end = new AbortController();
  const cancellationDetails = { cancelRequested: false };
  const context = {
    info: {
      attempt: 3,
      activityId: '1',
      taskToken: new Uint8Array(),
      workflowExecution: { workflowId: 'w', runId: 'r' },
    },
    cancellationSignal: end.signal,
    cancellationDetails,
    heartbeat,
  } as unknown as Context;
  const client = {
    withDeadline: (_: number, call: () => Promise<void>) => call(),
    activity: {
      heartbeat: () =>
        superseded ? Promise.reject(new ActivityNotFoundError('unknown', undefined)) : Promise.resolve(),
    },
  } as unknown as Client;
  return { attempt: new Attempt(context, client), end, cancellationDetails };
}

test('its progress is told each second, and no longer than it works', async () => {
  vi.useFakeTimers();
  const { attempt } = attemptOf();
  await runAttempt(
    attempt,
    () => 'half',
    () => vi.advanceTimersByTimeAsync(2500),
  );
  await vi.advanceTimersByTimeAsync(5000);
  vi.useRealTimers();
  expect(heartbeat.mock.calls).toEqual([['half'], ['half']]);
});

test('what ends it decides how Temporal is told: cancelled, handed over, never again, or to be tried again', async () => {
  const told = (
    { attempt, ...rest }: ReturnType<typeof attemptOf>,
    work: (rest: Omit<ReturnType<typeof attemptOf>, 'attempt'>) => void,
  ) =>
    runAttempt(
      attempt,
      () => undefined,
      () =>
        Promise.resolve().then(() => {
          work(rest);
        }),
    ).catch((error: unknown) => error);

  const cancelled = await told(attemptOf(), ({ end, cancellationDetails }) => {
    cancellationDetails.cancelRequested = true;
    end.abort();
    end.signal.throwIfAborted();
  });
  expect(cancelled).toBeInstanceOf(CancelledFailure);

  const ended = await told(attemptOf(), ({ end }) => {
    end.abort();
    end.signal.throwIfAborted();
  });
  expect(ended).toMatchObject({ type: 'HandedOver', category: 'BENIGN' });

  const blocked = await told(attemptOf(), () => {
    throw new QueueBlocked('poison', 7, 'too large');
  });
  expect(blocked).toMatchObject({ message: 'too large', nonRetryable: true });

  const failed = await told(attemptOf(), () => {
    throw new Error('no route');
  });
  expect(failed).toMatchObject({ message: 'no route', nonRetryable: false });
});

test('R6: an attempt that was replaced is told so before it does anything', async () => {
  const { attempt } = attemptOf({ superseded: true });
  await expect(attempt.assertCurrent()).rejects.toThrow('another attempt of this activity has taken over');
  await expect(attemptOf().attempt.assertCurrent()).resolves.toBeUndefined();
});
