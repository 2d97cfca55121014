import { expect, test } from 'vitest';
import { rewriteText } from '../../../../core/delivery/links/rewrite-text.ts';

test.each([
  ['Look: https://a.example/x.', 'Look: [https://a.example/x].'],
  ['https://a.example/x?b=1,2, then more', '[https://a.example/x?b=1,2], then more'],
  ['(see https://a.example/b_(c))', '(see [https://a.example/b_(c)])'],
  ['HTTP://A.EXAMPLE!', '[HTTP://A.EXAMPLE]!'],
  ['看这里：https://a.example/优惠。谢谢', '看这里：[https://a.example/优惠。谢谢]'],
  ['看这里：https://a.example/x。', '看这里：[https://a.example/x]。'],
  ['<https://a.example>', '<[https://a.example]>'],
  ['“https://a.example”', '“[https://a.example]”'],
  ['a.example, mailto:x@a.example, ftp://a.example', 'a.example, mailto:x@a.example, ftp://a.example'],
  ['https://a.example\nhttps://b.example', '[https://a.example]\n[https://b.example]'],
  ['https:// alone', 'https:// alone'],
  ['', ''],
])('%s', (text, expected) => {
  expect(rewriteText(text, (url) => `[${url}]`)).toBe(expected);
  expect(rewriteText(text, () => undefined)).toBe(text);
});
