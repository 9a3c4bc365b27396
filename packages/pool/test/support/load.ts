// Constant load by clients that count every request: half keep their connection, half open a new one each time.

import http from 'node:http';

export interface LoadOutcome { answers: number; readonly failures: string[] }

export interface Load {
  readonly outcome: LoadOutcome;
  stop(): Promise<LoadOutcome>;
  /** Resolves after this many more answers: load really went on in between. */
  answers(more: number): Promise<void>;
}

export function constantLoad(port: number, clients: number = 4): Load {
  const outcome: LoadOutcome = { answers: 0, failures: [] };
  let going = true;
  const waiting = new Set<() => void>();
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const one = async (client: number): Promise<void> => {
    while (going) {
      try {
        await request(port, client % 2 === 0 ? false : agent);
        outcome.answers += 1;
      } catch (error) {
        outcome.failures.push(`${new Date().toISOString()} client ${client}: ${String(error)}`);
      }
      for (const look of waiting) look();
    }
  };
  const ended = Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return {
    outcome,
    answers: (more) => new Promise((resolve) => {
      const goal = outcome.answers + more;
      const look = (): void => {
        if (outcome.answers < goal) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
    }),
    stop: async () => {
      going = false;
      await ended;
      agent.destroy();
      return outcome;
    },
  };
}

function request(port: number, agent: http.Agent | false): Promise<void> {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, agent }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`status ${response.statusCode ?? 0}`));
      });
    }).on('error', reject);
  });
}
