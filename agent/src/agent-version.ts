/** Of this agent, as packages' versions are; travels in payload headers for people. */
export const AGENT_VERSION = "0.1.0";
