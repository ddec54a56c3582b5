import * as aiostate from './index.js';

export * from './index.js';
export default aiostate;
