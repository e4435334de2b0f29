import type { Reporter, TestModule } from "vitest/node";

/**
 * Prints one plain line after the default reporter's summary: `Tests: 12 passed, 0 failed, 1 skipped`.
 *
 * A file that could not be loaded, a hook that failed and an error outside any test count as failures, so that the line
 * never says "0 failed" of a run that failed.
 */
class ClosingLineReporter implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const testModule of testModules) {
      for (const suite of [testModule, ...testModule.children.allSuites()]) {
        counts.failed += suite.errors().length;
      }
      for (const test of testModule.children.allTests()) {
        counts[test.result().state] += 1;
      }
    }
    const skipped = counts.skipped + counts.pending;
    const tail = skipped > 0 ? `, ${skipped} skipped` : "";
    process.stdout.write(`\nTests: ${counts.passed} passed, ${counts.failed} failed${tail}\n`);
  }
}

// Vitest loads a reporter by path and takes its default export.
export default ClosingLineReporter;
