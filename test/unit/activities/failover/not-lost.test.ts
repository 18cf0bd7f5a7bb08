import { expect, test } from 'vitest';
import { notLost } from '../../../../activities/failover/survey.ts';

test('a second failover is told what one that was terminated has left to do where the application is served now', () => {
  expect(notLost('east', { name: 'orders' })).toMatch(/^east is not lost, .* switchover/);
  const text = notLost('west', { name: 'orders', lost: { cluster: 'east', since: '2026-01-01T00:00:00.000Z' } });
  expect(text).toMatch(/^west is not lost, .* when east was lost, 2026/);
  expect(text).toMatch(
    /on west .*updateTopicPerm -b MASTER -t TOPIC -p 6; mqadmin updateSubGroup -b MASTER -g GROUP -s true, with its other settings; when east is back: .*failback orders/,
  );
  expect(text).not.toContain('switchover');
});
