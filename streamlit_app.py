"""Opens the review pages: `auditor review [RUN]...`, or `streamlit run streamlit_app.py -- RUN`."""

from auditor.ui.app import main

main()
