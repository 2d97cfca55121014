import * as z from 'zod/mini';
import type { TableVariable } from '../../core/audience/personal-stores.ts';

/** Variables with the names of the tables that can be asked by a person's id. */
export const tablesByIdEnv = {
  PROFILES_TABLE: z.string(),
  CONTACTS_TABLE: z.string(),
  WINDOWS_TABLE: z.string(),
  MEMBERSHIPS_TABLE: z.string(),
  LEADS_TABLE: z.string(),
  PARTICIPANTS_TABLE: z.string(),
  INBOX_TABLE: z.string(),
  IDENTITIES_TABLE: z.string(),
  AUDIT_TABLE: z.string(),
} satisfies Partial<Record<TableVariable, unknown>>;
export type TablesById = Record<keyof typeof tablesByIdEnv, string>;

/** The same of all tables that hold something about people. */
export const personTablesEnv = {
  ...tablesByIdEnv,
  TIMERS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  DEVICES_TABLE: z.string(),
  DEFINITIONS_TABLE: z.string(),
} satisfies Record<TableVariable, unknown>;
export type PersonTables = Record<TableVariable, string>;
