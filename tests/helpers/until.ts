/** How long something may take to become so. Far more than it needs: other programs use the machine too. */
const PATIENCE_MS = 60_000;

/**
 * Asks again and again until the answer holds.
 *
 * @param ask What is asked; its text stands in the error, so it should be short.
 * @param holds Whether an answer will do; without it, one that is true.
 * @param pollMs Milliseconds between one answer and the next question.
 * @returns The answer that held.
 * @throws {Error} When none held in 60 seconds.
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  holds: (answer: T) => boolean = Boolean,
  pollMs = 10,
): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  while (true) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > end) throw new Error(`Not so within ${PATIENCE_MS / 1_000} s: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
