import { expect, test } from 'vitest';
import { Sharing, SharingTheNext } from '../../../../src/transport/remoting/sharing.ts';

test("many ask once, until it is closed or over; a failure is everybody's, and the next one asks anew", async () => {
  const sharing = new Sharing<number>();
  let asked = 0;
  let close = (): void => undefined;
  let answerWith: (value: number) => void = () => undefined;
  const answer = new Promise<number>((resolve) => (answerWith = resolve));
  const ask = (onClose: () => void) => {
    asked++;
    close = onClose;
    return answer;
  };
  const first = [sharing.share('a', ask), sharing.share('a', ask)];
  const other = sharing.share('b', ask);
  expect(asked).toBe(2);
  const third = sharing.share('a', ask);
  expect(asked).toBe(2);
  answerWith(7);
  expect(await Promise.all([...first, other, third])).toEqual([7, 7, 7, 7]);
  const closed = sharing.share('a', ask);
  close();
  void sharing.share('a', ask);
  expect(asked).toBe(4);
  expect(await closed).toBe(7);

  const failing = () => Promise.reject(new Error('no'));
  await expect(Promise.all([sharing.share('c', failing), sharing.share('c', failing)])).rejects.toThrow('no');
  expect(await sharing.share('c', () => Promise.resolve(1))).toBe(1);
});

test('what must begin after the call: those that ask while one is under way share the next, which begins when it has ended', async () => {
  const sharing = new SharingTheNext();
  const asked: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      asked.push({ resolve, reject });
    });
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  const first = [sharing.share('a', ask), sharing.share('a', ask)];
  await turn();
  expect(asked).toHaveLength(1);
  const second = [sharing.share('a', ask), sharing.share('a', ask)];
  const other = sharing.share('b', ask);
  await turn();
  expect(asked).toHaveLength(2);
  asked[1]!.resolve();
  await other;

  asked[0]!.reject(new Error('no'));
  await expect(Promise.all(first)).rejects.toThrow('no');
  await turn();
  expect(asked).toHaveLength(3);
  const third = sharing.share('a', ask);
  asked[2]!.resolve();
  await Promise.all(second);
  await turn();
  asked[3]!.resolve();
  await third;
});
