import { ROLES, type Role } from './role.ts';

/**
 * Roles from the claim `cognito:groups`. API Gateway's HTTP API hands an array claim over as the text `[a b]`; a token
 * with one group may come as `a`, and other gateways give a real array. Groups that are not roles are ignored. Only blanks
 * part names: Cognito takes commas and brackets in a group's name, so `x,admin` is one group and no role, but no blanks.
 */
export const rolesOf = (groups: unknown): Role[] => {
  const names =
    typeof groups === 'string'
      ? groups.replace(/^\[|\]$/g, '').split(/\s+/)
      : Array.isArray(groups)
        ? groups.map(String)
        : [];
  return ROLES.filter((role) => names.includes(role));
};

/** True when one of the person's roles is among those that the route wants. */
export const mayCall = (wanted: readonly Role[], roles: readonly Role[]): boolean =>
  wanted.some((role) => roles.includes(role));
