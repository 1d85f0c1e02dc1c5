"""Raw material for slot values. Lists are deliberately plain: the model must not lean on any of them."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def split_phrases(text: str) -> tuple[str, ...]:
    """The phrases of a text in which bars and line ends part them."""
    return tuple(phrase.strip() for line in text.splitlines() for phrase in line.split("|") if phrase.strip())


TOPICS = split_phrases("""
    weather|sentiment|finance|sales|churn|customer reviews|traffic|energy|housing|speech|translation|summarization|medical|radiology|x-ray|satellite|climate|genomics|protein|legal|contracts|invoices|receipts
    news|tweets|emails|spam|fraud|credit|loans|insurance|retail|pricing|demand|inventory|logistics|shipping|routes|sensors|telemetry|logs|anomaly|faces|gestures|pose|segmentation|detection|captioning|ocr|handwriting
    digits|birds|plants|flowers|dogs|cats|cat photos|food|recipes|wine|movies|music|lyrics|audio|podcast|transcripts|chess|poker|football|soccer|basketball|olympics|census|population|elections|taxes|budget|crime
    schools|students|grades|exams|jobs postings|resumes|salaries|hotels|flights|airports|taxi trips|bikes|maps|roads|buildings|solar|wind|water|soil|crops|forest|fires|floods|earthquakes|volcano|ocean|ships|fish
    german|french|chinese|korean|japanese|arabic|wikipedia|books|poems|dialogue|chat logs|questions|answers|reading comprehension|math|code|sql|bugs|commits|patents|papers|abstracts|citations|chemistry|molecules|drugs
    diabetes|cancer|heart|brain|mri|ecg|covid|nutrition|sleep|fitness|steps|games|reviews|ratings|ads|clicks|search queries|products|fashion|shoes|furniture|toys|cars|engines|batteries|chips|robots|drones|grasping
    toxicity|hate speech|stance|sarcasm|emotions|intent|slots|entities|relations|parsing|embeddings|retrieval|reranking|ranking|recommendation|clustering|forecasting|time series|tabular|regression|vision|nlp|llm|rag
    """)

KNOWN_NAMES = _words("""
    iris titanic mnist MNIST cifar10 CIFAR-10 imagenet ImageNet coco squad SQuAD imdb IMDB ag_news AG_News wikitext wikitext-103 c4 the-pile glue super_glue mnli sst2 boolq hellaswag gsm8k mmlu humaneval
    bert-base-uncased bert_base roberta-large distilbert gpt2 GPT-2 gpt-neo t5-small flan-t5 llama Llama-3.1-8B llama3 llama-2-7b-chat mistral Mistral-7B-Instruct-v0.3 mixtral qwen Qwen2.5-7B Qwen2.5-7B-Instruct
    gemma gemma-2-9b phi-3 phi3-mini falcon-7b bloom starcoder codellama deepseek-coder whisper whisper-large-v3 wav2vec2 clip CLIP-ViT-B-32 resnet50 ResNet-50 yolo yolov8 vit-base sdxl stable-diffusion-xl
    penguins diamonds flights tips adult boston wine-quality abalone mtcars airline-passengers heart_disease pima fashion-mnist svhn celeba lfw kitti nuscenes librispeech common_voice voxceleb esc50 movielens
    netflix-prize amazon_reviews yelp-polarity dbpedia trec conll2003 ontonotes wmt14 opus100 flores xnli mlqa tydiqa natural-questions triviaqa hotpotqa msmarco beir openwebtext redpajama fineweb dolma alpaca
    sales-2024 My_Data my-model mymodel my_dataset customer_churn_v2 fraud-detector spam.filter chatbot ChatBot demo-app image-captioner sentiment-demo leaderboard gradio-demo docs-site playground2
    nyc-taxi_2023 store42 user_events clickstream-raw gold_labels golden-set eval_harness toolkit data-loader train-scripts infra utils helpers etl-pipeline dbt_models météo données naïve-bayes größe-xl
    """)
COMMON_NAMES = _words("""
    test demo data foo bar baz sandbox playground tmp temp final draft docs example sample samples stuff things notes archive backup raw clean production staging dev model1 dataset1 test123 test-repo my-repo myrepo
    hello helloworld first new old copy main experiments experiment results benchmark evaluation training validation tools scripts code models datasets spaces apps dashboard reports project thesis homework assignment
    """)
PEOPLE = _words("""
    alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil trent victor wendy anna ben chris dana emma felix gina hugo ines jonas karl lena max nina oscar paula quentin rosa
    sam tina uwe vera will xenia yara zoe maria jose juan pedro lucia mateo sofia diego li wei chen wang zhang liu yang min jisoo hyun kenji yuki haruto aiko sakura ahmed fatima omar leila priya raj anita vikram
    jsmith mmueller akim tlee rpatel dkhan nlp-team data-team vision-lab research platform ml-ops acme bigcorp openlab hf-mirror team-red analytics marketing legal finance support qa-bot ci-bot intern student7
    tom tim jim joe jane kate lucy mark mike nick paul pete rob steve susan laura linda peter simon martin julia katrin stefan pierre marie luc giulia marco lars ingrid olaf
    """)
SYLLABLES = _words(
    "ba be bo chi da de do fa fi ga go ha he ja jo ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se shi so ta te ti to va vi wa we ya yo za zo"
    " an el in or us ak em il on ur rp kh tch lin sen ger man ton lov"
)
EXTENSIONS = ("csv", "json", "jsonl", "parquet", "txt", "md", "py", "yaml", "tsv", "png", "pdf", "xlsx", "zip", "bin", "safetensors", "gguf", "ipynb", "toml", "wav", "pt")
FILES = _words("""
    README.md LICENSE config.json train.csv test.csv data.csv iris.csv train.parquet test.parquet validation.parquet train.jsonl dev.jsonl labels.txt vocab.txt merges.txt tokenizer.json tokenizer_config.json
    generation_config.json model.safetensors pytorch_model.bin model-00001-of-00003.safetensors model.gguf model.onnx app.py main.py train.py eval.py utils.py setup.py requirements.txt pyproject.toml Dockerfile Makefile
    .gitattributes .gitignore .env notes.md CHANGELOG.md index.html style.css notebook.ipynb analysis.ipynb photo.jpg logo.png diagram.svg sound.wav report.pdf paper.pdf slides.pptx table.xlsx prices.xlsx archive.zip
    dump.sql events.log metrics.json results.csv scores.tsv submission.csv sample.txt hello.txt todo.txt params.yaml config.yaml docker-compose.yml weights.pt checkpoint-500.pt optimizer.pt features.npy embeddings.npz
    part-0001.parquet 2024-01.csv Data.CSV customers.xlsx q3_report.docx lang_en.json special_tokens_map.json dataset_infos.json train-00000-of-00001.parquet run.sh env.yaml model_card.md NOTICE CONTRIBUTING.md
    """)
FOLDERS = _words("data docs src scripts configs images audio train test raw data/raw data/train docs/images notebooks weights checkpoints models assets tests lib examples data/2024 en splits output results tmp src/utils onnx archive")
BRANCHES = _words("main dev develop staging experiment experiments feature-x bugfix test wip draft release next nightly gh-pages refactor cleanup hotfix prototype sandbox stable legacy old-main alice-patch-1 quantized fp16 gguf lora v2-dev")
TAG_NAMES = _words("latest stable final release beta alpha baseline golden submission paper camera-ready milestone-1 release-2 initial rc1 prod demo r3 build-42 before-cleanup epoch-10 best neurips2024")
LABELS = _words("ci laptop ci-runner notebook colab github-actions jenkins deploy airflow my-laptop workstation cluster backup-script bot sync training-job slurm vscode kaggle mobile read-bot nightly home office server1 build pipeline")
TASK_TAGS = _words("nlp vision audio text-classification translation summarization question-answering image-classification object-detection tabular time-series speech gguf lora pytorch onnx safetensors finance medical benchmark rlhf code multilingual token-classification text-generation")
ADJECTIVES = _words("small large clean cleaned german chinese multilingual noisy labelled balanced synthetic quick public internal monthly old new daily annotated curated open experimental simple fast robust quantized weekly anonymised")
NOUNS = _words("dataset model corpus benchmark collection samples classifier images records texts embeddings baseline detector recordings tables labels predictions pairs tracker demo notes scores")
VERBS = _words("fix add update remove rename clean improve refactor document replace upload correct bump merge revert retrain sync")
OBJECTS = _words("typo labels readme rows columns config training data weights tokenizer header tests docs license paths duplicates script numbers encoding splits bug dependencies model card")

FILLER_STARTS = ("please ", "hey, ", "hi, ", "ok ", "ok, ", "so ", "pls ", "can you ", "could you please ", "would you ", "hello, ", "now ", "quick: ", "alright, ", "yo ", "right, ", "hm, ", "um ", "I'd like you to ", "hey hub, ", "just ", "uh ")
FILLER_ENDS = (" please", " pls", ", thanks", " thanks!", ", please", ". thank you", " asap", " if you can", " for me", ", would you?", ", ok?", " now", " right away", ", cheers", " quickly", " thx", " 🙏", " when you have a moment")
CLAUSE_STARTS = ("and ", "then ", "and then ", "also ", "and also ", "after that ", "next ", "finally ", "plus ", "afterwards ", "once done ", "when that's done ")
JOINERS = (" and ", " and ", " and ", ", then ", ", and then ", ", and ", ". ", ". Then ", "; ", " then ", ", ", ", ", ", also ", " and also ", " & ", ", after that ", ". Also ", ", finally ", ". And ", " plus ", ". Next, ", " and afterwards ", "\n")
