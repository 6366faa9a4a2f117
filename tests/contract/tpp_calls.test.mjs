// What TPPs call at a Hub: the parts, in one process with one demonstration.
import './tpp_flow.mjs';
import './tpp_attacks.mjs';
import './tpp_reads.mjs';
import './tpp_open.mjs';
import './tpp_asked.mjs';
import './tpp_insurance.mjs';
import './tpp_guide.mjs';
import './tpp_payments.mjs';
import './tpp_files.mjs';
import './tpp_collection.mjs';
import './tpp_webhooks.mjs';
import './tpp_utilities.mjs';
import './tpp_switches.mjs';
import './tpp_clock.mjs';
