import type { ResourceHandler } from './types.ts';

/** Refuses a resource unless these of its properties have the values that the local cloud knows how to act on. */
export const expectProperties = (resource: string, given: object, expected: Record<string, unknown>): void => {
  for (const [name, value] of Object.entries(expected)) {
    const [is, wanted] = [JSON.stringify((given as Record<string, unknown>)[name]), JSON.stringify(value)];
    if (is !== wanted) throw new Error(`${resource}: the local cloud wants ${name} to be ${wanted}, not ${is}`);
  }
};

/** A resource type whose properties can have these values only. */
export const only = (
  expected: Record<string, unknown>,
  ignored: string[],
  create: ResourceHandler['create'] = ({ logicalId }) => ({ ref: logicalId }),
): ResourceHandler => ({
  supported: Object.keys(expected),
  ignored,
  create(resource) {
    expectProperties(resource.logicalId, resource.properties, expected);
    return create(resource);
  },
});

/** Refuses a part of a resource that has properties beyond those that the local cloud knows. */
export const refuseOthers = (resource: string, given: object, known: readonly string[]): void => {
  const odd = Object.keys(given).find((name) => !known.includes(name));
  if (odd) throw new Error(`${resource}: the local cloud does not support ${odd}`);
};
