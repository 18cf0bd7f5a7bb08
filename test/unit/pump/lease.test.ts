import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Lease, LEASE_MS, now } from '../../../src/pump/lease.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function renewed(): Lease {
  const lease = new Lease();
  lease.renew(now());
  return lease;
}

describe('R6: a lease', () => {
  test('is not valid before the first renewal', () => {
    expect(new Lease().valid).toBe(false);
  });

  test('is valid until its time is over, counted from when the renewal was asked for', () => {
    const asked = now();
    vi.advanceTimersByTime(3000);
    const lease = new Lease();
    lease.renew(asked);
    expect(lease.valid).toBe(true);
    vi.advanceTimersByTime(LEASE_MS - 3000 - 1);
    expect(lease.valid).toBe(true);
    vi.advanceTimersByTime(1);
    expect(lease.valid).toBe(false);
  });

  test('is over when it is ended, until it is renewed', () => {
    const lease = renewed();
    lease.end();
    expect(lease.valid).toBe(false);
    lease.renew(now());
    expect(lease.valid).toBe(true);
  });

  test('is over when the wall clock has passed it, though the monotonic one stood still', () => {
    const lease = renewed();
    vi.setSystemTime(Date.now() + LEASE_MS);
    expect(lease.valid).toBe(false);
  });

  test('is over when the monotonic clock has passed it, though the wall clock was set back by less', () => {
    const lease = renewed();
    vi.advanceTimersByTime(LEASE_MS);
    vi.setSystemTime(Date.now() - 1000);
    expect(lease.valid).toBe(false);
  });

  test('is over when the wall clock was set back behind the renewal', () => {
    const lease = renewed();
    vi.setSystemTime(Date.now() - 1);
    expect(lease.valid).toBe(false);
  });
});
