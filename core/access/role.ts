/**
 * What a person may do; one person may have several. viewer reads; marketer writes segments, templates, campaigns,
 * triggers, profiles and imports; approver decides on campaigns and activates triggers; operator cancels, pauses and
 * sets limits; admin does everything. Which role may call which route stands in the route table (routes.ts).
 */
export const ROLES = ['viewer', 'marketer', 'approver', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Every role that may read. */
export const READERS = ROLES;
/** Roles that read who people are, also as examples beside figures. */
export const PROFILE_READERS = ROLES;
/** Roles that write what a marketer writes. */
export const WRITERS = ['marketer', 'admin'] as const satisfies readonly Role[];
/** Roles that approve plans. */
export const APPROVERS = ['approver', 'admin'] as const satisfies readonly Role[];
/** Roles that stop plans and set limits. */
export const OPERATORS = ['operator', 'admin'] as const satisfies readonly Role[];
