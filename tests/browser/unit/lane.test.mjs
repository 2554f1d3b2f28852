import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../../src/web/page/lane.js';

test('a lane runs all jobs, in order, a few at a time', async () => {
  const lane = new Lane(3);
  let [now, most] = [0, 0];
  const done = [];
  const jobs = Array.from({ length: 20 }, (_, number) => lane.run(async () => {
    most = Math.max(most, (now += 1));
    await new Promise(setImmediate);
    now -= 1;
    done.push(number);
    if (number === 5) throw new Error('one fails');
    return number;
  }));
  const results = await Promise.allSettled(jobs);
  assert.equal(most, 3);
  assert.deepEqual(done, [...Array(20).keys()]);
  assert.deepEqual(results.filter(({ status }) => status === 'rejected').length, 1);
  assert.ok(lane.isIdle);
});
