import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { routes } from '../../../../core/access/routes.ts';
import { approvalSettingsInput } from '../../../../core/strategy/approval/approval-settings.ts';
import { asked } from '../../../../core/strategy/approval/decisions.ts';
import { noticeOf } from '../../../../core/strategy/approval/notice.ts';
import { settingsSlips } from '../../../../core/strategy/approval/policy.ts';

const text = readFileSync(join(import.meta.dirname, '../../../../docs/approval.md'), 'utf8');
const snippets = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json));

test('the settings can be saved as they are', () => {
  const { version, ...settings } = snippets[0];
  expect(version).toBe(0);
  expect(settingsSlips(approvalSettingsInput.parse(settings))).toEqual([]);
});

test('the webhook is what is sent', () => {
  const { levels } = approvalSettingsInput.parse({ levels: snippets[0].levels });
  const thing = { id: 'c', version: 3, name: 'Offer', state: 'in review', author: 'mia', editors: [] };
  const submission = { hash: 'h', levels, writers: [], expirySeconds: 7 * 86_400 };
  const notice = noticeOf('campaign', { ...thing, approval: asked(thing, submission, 'mia', 0) });
  expect({ type: notice?.type, data: notice?.data }).toEqual(snippets[1]);
});

test('the routes are there', () => {
  const known = routes.map(({ method, path }) => `${method} ${path}`);
  const named = [...text.matchAll(/`((?:GET|POST|PUT|DELETE) \/v1\/[^`]+)`/g)].map(([, route = '']) => route);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((route) => !known.includes(route))).toEqual([]);
});
