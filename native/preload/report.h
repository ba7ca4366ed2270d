/* The file of a look: docs/reference/blocks-format.md. */
#ifndef OUTLIVE_PRELOAD_REPORT_H
#define OUTLIVE_PRELOAD_REPORT_H

#include "preload/survey.h"

/* Write all of it to `fd`. Memory that is needed comes from ol_own_map and stays. An errno, or 0. */
int ol_report_write(int fd, const ol_survey *survey, const ol_recorder *recorder, const ol_thread_places *threads,
                    int why, uint64_t scan_us);

#endif
