// The kernel alone, in real Chromium: npx playwright test -c kernel-worker/tests
import { defineConfig } from '@playwright/test';
import { CHROMIUM, FLAGS } from '../../tests/chromium.mjs';

const PORT = Number(process.env.KERNEL_TEST_PORT ?? 8461);

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  outputDir: '../../tests/results/kernel',
  workers: 1,
  timeout: 90_000,
  reporter: 'list',
  use: {
    baseURL: `http://127.0.0.1:${PORT}/`,
    launchOptions: {
      executablePath: CHROMIUM,
      args: FLAGS,
    },
  },
  webServer: { command: `node ${new URL('serve.mjs', import.meta.url).pathname} ${PORT}`, url: `http://127.0.0.1:${PORT}/`, reuseExistingServer: false },
});
