/** Why a run begins. */
export interface DueRun {
  due: Date;
  /** It makes up for one that was missed. */
  catch_up: boolean;
}

/** What a schedule asks of the daemon, for one container. Nothing here may take long or throw for want of a start: that is told by events. */
export interface ScheduleHost {
  /** A run of it is under way: starting, running, stopping, or to be started again. */
  isBusy(): boolean;
  start(run: DueRun): void;
  /** Resolves when all of it is gone. `run`: one of those that were named to `runStarted`. */
  stop(reason: string, run: string): Promise<void>;
  /** `overlap: allow`: one more beside those that run. False: there are as many as may be. */
  startBeside(run: DueRun): boolean;
}
