/** Thrown by the tasks of a run that is not to go on, for its campaign was cancelled or waits for another one: the state machine catches it by this name and ends. */
export class PlanCancelled extends Error {
  override name = 'PlanCancelled';
}

/** Thrown when an approval was replaced or withdrawn before its wait began. */
export class ApprovalVoided extends Error {
  override name = 'ApprovalVoided';
}
