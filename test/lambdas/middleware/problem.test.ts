import { describe, expect, test } from 'vitest';
import { PROBLEMS, type ProblemType } from '../../../core/access/problems.ts';
import { fieldErrors } from '../../../lambdas/middleware/parse-request.ts';
import { Problem, problemResponse } from '../../../lambdas/middleware/problem.ts';

describe('problems', () => {
  test.each(Object.keys(PROBLEMS) as ProblemType[])('%s', (slug) => {
    expect(slug).toMatch(/^[a-z]+(-[a-z]+)*$/);
    const { status, title } = PROBLEMS[slug];
    const response = problemResponse(new Problem(slug, 'Because'), 'r-1');
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(response.body)).toEqual({
      type: `/problems/${slug}`,
      title,
      status,
      detail: 'Because',
      instance: '/requests/r-1',
    });
  });

  test('a problem may carry more', () => {
    const { body } = problemResponse(
      new Problem('invalid-body', 'No', { errors: [{ path: 'a.0', message: 'Required' }] }),
      'r',
    );
    expect(JSON.parse(body).errors).toEqual([{ path: 'a.0', message: 'Required' }]);
  });

  test('unknown fields are named one by one, by their own path', () => {
    const issue = { code: 'unrecognized_keys', keys: ['b', 'c'], path: ['a'], message: 'Unrecognized keys' };
    expect(fieldErrors([issue as never])).toEqual([
      { path: 'a.b', message: 'Unknown field' },
      { path: 'a.c', message: 'Unknown field' },
    ]);
  });
});
