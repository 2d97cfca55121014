import type { TestProject } from 'vitest/node';
import { assembly } from '../scripts/assembly.ts';

/** The scenario tests run the synthesized app, so it is synthesized once before all tests (and only when it changed). */
export default (project: TestProject) => {
  project.provide('assembly', assembly('local'));
};
