import { expect, test } from 'vitest';
import { bill, createMeter, diff } from '../../local/meter.ts';

test('counts units and calls by item and operation, and prices what was counted in between', () => {
  const meter = createMeter();
  meter.count('sqs-request', 2, 'sqs:SendMessage');
  const before = meter.snapshot();
  meter.count('sqs-request', 3, 'sqs:SendMessage');
  meter.count('sqs-fair-surcharge', 3, 'sqs:SendMessage');
  meter.count('dynamodb-write-unit', 1_000_000, 'dynamodb:PutItem');
  meter.count('channel-email', 1_000, 'ses:SendBulkEmail');
  expect(before).toEqual({ 'sqs-request': { 'sqs:SendMessage': { units: 2, calls: 1 } } });

  const { usd, channelUsd, items } = bill(diff(before, meter.snapshot()));
  expect(items['sqs-request']).toEqual({ units: 3, usd: expect.closeTo(1.2e-6, 12) });
  expect(items['sqs-fair-surcharge']).toEqual({ units: 3, usd: expect.closeTo(0.3e-6, 12) });
  expect(usd).toBeCloseTo(0.625 + 1.5e-6, 10);
  expect(channelUsd).toBeCloseTo(0.1, 10);
});

test('an item without a price is refused where it is counted', () => {
  expect(() => createMeter().count('sqs-requests', 1, 'x')).toThrow("no price for 'sqs-requests'");
});
